"""`relay init`: a first rules file, sample and case of a source, from its preset."""
