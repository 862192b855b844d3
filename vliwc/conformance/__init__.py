"""Is our simulation the public one? Random programs, and how they run on a user's own checkout of the public benchmark."""
