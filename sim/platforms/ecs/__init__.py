"""Amazon ECS: tasks placed on container instances or on Fargate."""
