"""What travels: the shapes of requests and answers, a file a noun."""
