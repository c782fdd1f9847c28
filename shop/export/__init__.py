"""One shop's books as files that any spreadsheet opens: for its owner, for the accountant, for moving out."""
