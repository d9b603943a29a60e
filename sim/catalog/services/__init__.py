"""Between the copies of services: the way of a call, and who decides how many copies there are."""
