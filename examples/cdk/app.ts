// Countersign with the AWS CDK: docs/with-cdk.md.
import { App, CfnOutput, Stack, StackProps } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

interface ShopProps extends StackProps {
  /** The output SignedBucket of the gate's stack. */
  readonly signedBucket: string;
  /** The output CodeSigningConfig of the gate's stack. */
  readonly codeSigningConfig: string;
}

/** The code of a function: what is built with the context `packages`, and what the gate verified without it. */
function codeOf(scope: Construct, name: string, source: string, signed: s3.IBucket): lambda.Code {
  return scope.node.tryGetContext('packages')
    ? lambda.Code.fromAsset(source)
    : lambda.Code.fromBucket(signed, `current/functions/${name}.zip`);
}

class ShopStack extends Stack {
  constructor(scope: Construct, id: string, props: ShopProps) {
    super(scope, id, props);
    const signed = s3.Bucket.fromBucketName(this, 'Signed', props.signedBucket);
    const shop = new lambda.Function(this, 'Shop', {
      functionName: 'shop',
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: 'index.handler',
      // Bucket and key never change, so that CloudFormation leaves the code alone. No currentVersion: the gate
      // publishes the versions.
      code: codeOf(this, 'shop', 'src', signed),
      // Lambda refuses from the first moment what the gate's profile did not sign.
      codeSigningConfig: lambda.CodeSigningConfig.fromCodeSigningConfigArn(
        this,
        'GateConfig',
        props.codeSigningConfig,
      ),
    });
    new CfnOutput(this, 'Function', { value: shop.functionName });
  }
}

function given(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`set ${name} to the output of the gate's stack`);
  }
  return value;
}

const app = new App();
new ShopStack(app, 'ShopStack', {
  signedBucket: given('SIGNED_BUCKET'),
  codeSigningConfig: given('COUNTERSIGN_CSC_ARN'),
});
