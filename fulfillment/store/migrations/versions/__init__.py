"""One file a step. A released step is never edited: what it says is what databases out there went through."""
