"""What happens when a process, a host or a zone dies?"""
