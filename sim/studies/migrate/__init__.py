"""Our VMs as they are: how many hosts as instances, as containers, on Fargate, at what price?"""
