"""What Terraform plans or holds, as `terraform show -json` prints it."""
