"""Starting, finding and removing embedded StreamSpaces. Each one is an instance with a name and a directory."""
