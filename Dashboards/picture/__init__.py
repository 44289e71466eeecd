"""What `plot` draws a dashboard's panels with."""
