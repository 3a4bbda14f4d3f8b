"""What Lambda runs."""
