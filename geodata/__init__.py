"""What was reported, where and when, and how far the record can be trusted."""
