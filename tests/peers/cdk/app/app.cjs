// The tutorial's stack: a state machine from a file with substitutions, a function from an asset, a role, a log group.
const path = require("node:path");
const { App, CfnOutput, RemovalPolicy, Stack } = require("aws-cdk-lib");
const iam = require("aws-cdk-lib/aws-iam");
const lambda = require("aws-cdk-lib/aws-lambda");
const logs = require("aws-cdk-lib/aws-logs");
const sfn = require("aws-cdk-lib/aws-stepfunctions");
const ssm = require("aws-cdk-lib/aws-ssm");

class StepFunctionsStack extends Stack {
  constructor(scope, id) {
    super(scope, id);
    const greet = new lambda.Function(this, "Greet", {
      runtime: lambda.Runtime.PYTHON_3_12,
      handler: "index.handler",
      code: lambda.Code.fromAsset(path.join(__dirname, "lambda")),
      environment: { GREETING: "hello" },
    });
    const role = new iam.Role(this, "MachineRole", { assumedBy: new iam.ServicePrincipal("states.amazonaws.com") });
    greet.grantInvoke(role);
    const machine = new sfn.StateMachine(this, "Machine", {
      definitionBody: sfn.DefinitionBody.fromFile(path.join(__dirname, "greeting.asl.json")),
      definitionSubstitutions: { GreetFunctionArn: greet.functionArn, Times: "2" },
      stateMachineType: sfn.StateMachineType.STANDARD,
      role,
      logs: {
        destination: new logs.LogGroup(this, "Log", {
          retention: logs.RetentionDays.ONE_WEEK,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: sfn.LogLevel.ALL,
        includeExecutionData: true,
      },
    });
    new ssm.StringParameter(this, "MachineArn", { parameterName: "/greeting/machine", stringValue: machine.stateMachineArn });
    new CfnOutput(this, "MachineArnOutput", { value: machine.stateMachineArn });
  }
}

new StepFunctionsStack(new App(), "StepFunctionsStack");
