# Countersign with Terraform or OpenTofu: docs/with-terraform.md.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "signed_bucket" {
  description = "The output SignedBucket of the gate's stack"
  type        = string
}

variable "code_signing_config" {
  description = "The output CodeSigningConfig of the gate's stack"
  type        = string
}

resource "aws_iam_role" "shop" {
  name = "shop"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "shop" {
  role       = aws_iam_role.shop.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_lambda_function" "shop" {
  function_name = "shop"
  role          = aws_iam_role.shop.arn
  runtime       = "python3.13"
  handler       = "app.handler"

  # Lambda refuses from the first moment what the gate's profile did not sign.
  code_signing_config_arn = var.code_signing_config

  # Always the last package that the gate verified.
  s3_bucket = var.signed_bucket
  s3_key    = "current/functions/shop.zip"

  # The gate moves this alias.
  tags = {
    "countersign:alias" = "live"
  }

  lifecycle {
    # Code is the gate's business. Neither of them is set here, and nobody is to set it.
    ignore_changes = [source_code_hash, s3_object_version]
  }
}

# Made once, for $LATEST, since there is no version yet; the gate moves it to each version that it publishes.
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.shop.function_name
  function_version = "$LATEST"

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}
