"""CloudFormation's names of resource types, as CloudTrail's `resources` uses them.

It does not know values: it maps an ARN's service and kind to a type name.
"""

from __future__ import annotations

from functools import lru_cache

# ARN namespace -> CloudFormation's service name, where capitalising is not enough.
SERVICES = {
    "acm": "CertificateManager", "acm-pca": "ACMPCA", "airflow": "MWAA", "aoss":
    "OpenSearchServerless", "apigateway": "ApiGateway", "appsync": "AppSync", "aps": "APS",
    "autoscaling": "AutoScaling", "cassandra": "Cassandra", "cloudformation": "CloudFormation",
    "cloudfront": "CloudFront", "cloudtrail": "CloudTrail", "cloudwatch": "CloudWatch",
    "codeartifact": "CodeArtifact", "codebuild": "CodeBuild", "codecommit": "CodeCommit",
    "codedeploy": "CodeDeploy", "codepipeline": "CodePipeline", "cognito-identity": "Cognito",
    "cognito-idp": "Cognito", "datasync": "DataSync", "dax": "DAX", "dms": "DMS", "ds":
    "DirectoryService", "dynamodb": "DynamoDB", "ec2": "EC2", "ecr": "ECR", "ecs": "ECS",
    "eks": "EKS", "elasticache": "ElastiCache", "elasticbeanstalk": "ElasticBeanstalk",
    "elasticfilesystem": "EFS", "elasticloadbalancing": "ElasticLoadBalancingV2",
    "elasticmapreduce": "EMR", "emr-containers": "EMRContainers", "emr-serverless":
    "EMRServerless", "es": "Elasticsearch", "events": "Events", "firehose":
    "KinesisFirehose", "fsx": "FSx", "globalaccelerator": "GlobalAccelerator", "greengrass":
    "GreengrassV2", "guardduty": "GuardDuty", "iam": "IAM", "iot": "IoT", "iotsitewise":
    "IoTSiteWise", "ivs": "IVS", "kafka": "MSK", "kinesis": "Kinesis", "kinesisanalytics":
    "KinesisAnalyticsV2", "kinesisvideo": "KinesisVideo", "kms": "KMS", "lakeformation":
    "LakeFormation", "lex": "Lex", "memorydb": "MemoryDB", "mobiletargeting": "Pinpoint",
    "network-firewall": "NetworkFirewall", "networkmanager": "NetworkManager", "quicksight":
    "QuickSight", "ram": "RAM", "rds": "RDS", "resource-groups": "ResourceGroups",
    "route53": "Route53", "route53resolver": "Route53Resolver", "s3": "S3", "s3-outposts":
    "S3Outposts", "sagemaker": "SageMaker", "secretsmanager": "SecretsManager",
    "securityhub": "SecurityHub", "servicecatalog": "ServiceCatalog", "servicediscovery":
    "ServiceDiscovery", "ses": "SES", "sns": "SNS", "sqs": "SQS", "ssm": "SSM", "sso": "SSO",
    "states": "StepFunctions", "sts": "STS", "waf": "WAF", "wafv2": "WAFv2", "xray": "XRay",
}  # fmt: skip

# (ARN namespace, kind) -> type, where joining the two names gives another.
TYPES = {
    ("acm", "certificate"): "AWS::CertificateManager::Certificate",
    ("apigateway", "restapis"): "AWS::ApiGateway::RestApi",
    ("apigateway", "apis"): "AWS::ApiGatewayV2::Api",
    ("cloudformation", "stackset"): "AWS::CloudFormation::StackSet",
    ("cognito-identity", "identitypool"): "AWS::Cognito::IdentityPool",
    ("cognito-idp", "userpool"): "AWS::Cognito::UserPool",
    ("ec2", "dhcp-options"): "AWS::EC2::DHCPOptions",
    ("ec2", "elastic-ip"): "AWS::EC2::EIP",
    ("ec2", "image"): "AWS::EC2::Ami",
    ("ec2", "natgateway"): "AWS::EC2::NatGateway",
    ("ec2", "vpc"): "AWS::EC2::VPC",
    ("ec2", "vpc-endpoint"): "AWS::EC2::VPCEndpoint",
    ("ec2", "vpc-endpoint-service"): "AWS::EC2::VPCEndpointService",
    ("ec2", "vpc-flow-log"): "AWS::EC2::FlowLog",
    ("ec2", "vpc-peering-connection"): "AWS::EC2::VPCPeeringConnection",
    ("ec2", "vpn-connection"): "AWS::EC2::VPNConnection",
    ("ec2", "vpn-gateway"): "AWS::EC2::VPNGateway",
    ("elasticache", "cluster"): "AWS::ElastiCache::CacheCluster",
    ("elasticache", "parametergroup"): "AWS::ElastiCache::ParameterGroup",
    ("elasticache", "replicationgroup"): "AWS::ElastiCache::ReplicationGroup",
    ("elasticache", "subnetgroup"): "AWS::ElastiCache::SubnetGroup",
    ("elasticfilesystem", "file-system"): "AWS::EFS::FileSystem",
    ("elasticloadbalancing", "loadbalancer"): "AWS::ElasticLoadBalancingV2::LoadBalancer",
    ("elasticloadbalancing", "targetgroup"): "AWS::ElasticLoadBalancingV2::TargetGroup",
    ("es", "domain"): "AWS::OpenSearchService::Domain",
    ("firehose", "deliverystream"): "AWS::KinesisFirehose::DeliveryStream",
    ("iam", "instance-profile"): "AWS::IAM::InstanceProfile",
    ("iam", "mfa"): "AWS::IAM::MfaDevice",
    ("iam", "oidc-provider"): "AWS::IAM::OIDCProvider",
    ("iam", "policy"): "AWS::IAM::Policy",
    ("iam", "saml-provider"): "AWS::IAM::SAMLProvider",
    ("lambda", "code-signing-config"): "AWS::Lambda::CodeSigningConfig",
    ("lambda", "event-source-mapping"): "AWS::Lambda::EventSourceMapping",
    ("lambda", "layer"): "AWS::Lambda::LayerVersion",
    ("rds", "cluster"): "AWS::RDS::DBCluster",
    ("rds", "cluster-pg"): "AWS::RDS::DBClusterParameterGroup",
    ("rds", "cluster-snapshot"): "AWS::RDS::DBClusterSnapshot",
    ("rds", "db"): "AWS::RDS::DBInstance",
    ("rds", "es"): "AWS::RDS::EventSubscription",
    ("rds", "og"): "AWS::RDS::OptionGroup",
    ("rds", "pg"): "AWS::RDS::DBParameterGroup",
    ("rds", "secgrp"): "AWS::RDS::DBSecurityGroup",
    ("rds", "snapshot"): "AWS::RDS::DBSnapshot",
    ("rds", "subgrp"): "AWS::RDS::DBSubnetGroup",
    ("route53", "hostedzone"): "AWS::Route53::HostedZone",
    ("route53", "healthcheck"): "AWS::Route53::HealthCheck",
    ("s3", "accesspoint"): "AWS::S3::AccessPoint",
    ("states", "stateMachine"): "AWS::StepFunctions::StateMachine",
    ("wafv2", "ipset"): "AWS::WAFv2::IPSet",
    ("wafv2", "regexpatternset"): "AWS::WAFv2::RegexPatternSet",
    ("wafv2", "rulegroup"): "AWS::WAFv2::RuleGroup",
    ("wafv2", "webacl"): "AWS::WAFv2::WebACL",
    ("sts", "assumed-role"): "AWS::STS::AssumedRole",
    ("sts", "federated-user"): "AWS::STS::FederatedUser",
}

# ARN namespaces whose resource part is a bare name.
BARE = {
    "sns": "AWS::SNS::Topic",
    "sqs": "AWS::SQS::Queue",
}


@lru_cache(maxsize=4096)
def type_name(service: str, kind: str) -> str:
    """`("ec2", "security-group")` becomes `AWS::EC2::SecurityGroup`."""
    if (service, kind) in TYPES:
        return TYPES[service, kind]
    owner = SERVICES.get(service) or camel(service)
    return f"AWS::{owner}::{camel(kind)}"


def camel(text: str) -> str:
    """`security-group` becomes `SecurityGroup`; capitals inside a word stay."""
    words = text.replace("_", "-").replace(" ", "-").split("-")
    return "".join(word[:1].upper() + word[1:] for word in words)
