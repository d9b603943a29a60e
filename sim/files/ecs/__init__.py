"""ECS task definitions and services, alone, inside CloudFormation, or as Terraform plans them."""
