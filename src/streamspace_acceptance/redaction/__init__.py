"""One redactor for everything that is written. It knows no cluster and no report."""
