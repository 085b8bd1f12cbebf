"""Links and posts: make, find and change them."""
