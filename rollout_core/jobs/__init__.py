"""What runs by itself: ingest writer, window closing, sweep clock, outbox."""
