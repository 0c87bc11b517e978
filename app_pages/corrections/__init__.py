"""What visitors say that digits are: the collection, and the questions that fill it."""
