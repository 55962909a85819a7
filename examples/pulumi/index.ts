// Countersign with Pulumi: docs/with-pulumi.md.
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

const config = new pulumi.Config();

const role = new aws.iam.Role('shop', {
  assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: 'lambda.amazonaws.com' }),
});

new aws.iam.RolePolicyAttachment('shop', {
  role,
  policyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
});

const shop = new aws.lambda.Function(
  'shop',
  {
    name: 'shop',
    role: role.arn,
    runtime: 'nodejs22.x',
    handler: 'index.handler',
    // Lambda refuses from the first moment what the gate's profile did not sign.
    codeSigningConfigArn: config.require('codeSigningConfig'),
    // Always the last package that the gate verified.
    s3Bucket: config.require('signedBucket'),
    s3Key: 'current/functions/shop.zip',
    // The gate moves this alias.
    tags: { 'countersign:alias': 'live' },
  },
  // Code is the gate's business. Neither of them is set here, and nobody is to set it.
  { ignoreChanges: ['sourceCodeHash', 's3ObjectVersion'] },
);

// Made once; the gate moves it from then on.
new aws.lambda.Alias(
  'live',
  { name: 'live', functionName: shop.name, functionVersion: '$LATEST' },
  { ignoreChanges: ['functionVersion', 'routingConfig'] },
);

export const functionName = shop.name;
