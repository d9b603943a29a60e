"""The version of berthsim: here alone, so that it is known where nothing is installed, too."""

VERSION = "0.1.0"
