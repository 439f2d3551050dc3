"""The controllers: each brings one kind of object to what its specification says, driven by watches."""
