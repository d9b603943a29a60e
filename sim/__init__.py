"""berthsim: how many containers fit on a machine, and how soon each one is ready."""
