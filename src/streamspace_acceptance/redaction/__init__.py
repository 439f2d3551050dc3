"""One redactor for everything that is written. It must not know the cluster or the reports."""
