"""The answers to `/stats`: one embed, its chart, and controls that change it in place."""
