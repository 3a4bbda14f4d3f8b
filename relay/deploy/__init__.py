"""`relay deploy`, `relay secrets`, `relay urls`: from rules files to a deployed stack."""
