"""Which answers show a resource, by service: the table that `readings` parses.

Each line: operation, the part of the resource that it shows, where in the answer that stands (`-`
is the whole answer, `[]` each item of a list), and the members that name the resource. `$` marks a
member of the request. `by=` are members of the request that tell several such parts apart.

Paths and members are those of botocore's models; tests/state/test_reading_table.py holds them to
it. A write stands here where its answer has the shape of the read.
"""

from __future__ import annotations

TABLE = {
    "acm": """
DescribeCertificate Certificate Certificate CertificateArn
""",
    "autoscaling": """
DescribeAutoScalingGroups AutoScalingGroup AutoScalingGroups[] AutoScalingGroupName,AutoScalingGroupARN
DescribeLaunchConfigurations LaunchConfiguration LaunchConfigurations[] LaunchConfigurationName,LaunchConfigurationARN
""",
    "cloudformation": """
DescribeStacks Stack Stacks[] StackId,StackName
GetTemplate StackTemplate - $StackName
GetStackPolicy StackPolicy - $StackName
""",
    "cloudfront": """
GetDistribution Distribution Distribution Id,ARN
CreateDistribution Distribution Distribution Id,ARN
UpdateDistribution Distribution Distribution Id,ARN
GetDistributionConfig DistributionConfig DistributionConfig $Id
""",
    "cloudtrail": """
GetTrail Trail Trail TrailARN,Name
DescribeTrails Trail trailList[] TrailARN,Name
GetTrailStatus TrailStatus - $Name
GetEventSelectors EventSelectors - $TrailName
""",
    "cloudwatch": """
DescribeAlarms MetricAlarm MetricAlarms[] AlarmName,AlarmArn
""",
    "cognito-idp": """
DescribeUserPool UserPool UserPool Id,Arn,Name
DescribeUserPoolClient UserPoolClient UserPoolClient ClientId
""",
    "dynamodb": """
DescribeTable Table Table TableName,TableArn,TableId
CreateTable Table TableDescription TableName,TableArn,TableId
UpdateTable Table TableDescription TableName,TableArn,TableId
DeleteTable Table TableDescription TableName,TableArn,TableId
DescribeTimeToLive TimeToLive TimeToLiveDescription $TableName
DescribeContinuousBackups ContinuousBackups ContinuousBackupsDescription $TableName
UpdateContinuousBackups ContinuousBackups ContinuousBackupsDescription $TableName
ListTagsOfResource ResourceTags - $ResourceArn
GetResourcePolicy ResourcePolicy - $ResourceArn
""",
    "ec2": """
DescribeSecurityGroups SecurityGroup SecurityGroups[] GroupId,SecurityGroupArn,GroupName
DescribeSecurityGroupRules SecurityGroupRule SecurityGroupRules[] SecurityGroupRuleId,SecurityGroupRuleArn
DescribeInstances Instance Reservations[].Instances[] InstanceId
RunInstances Instance Instances[] InstanceId
DescribeVolumes Volume Volumes[] VolumeId
CreateVolume Volume - VolumeId
DescribeSnapshots Snapshot Snapshots[] SnapshotId
CreateSnapshot Snapshot - SnapshotId
DescribeImages Image Images[] ImageId,Name
DescribeKeyPairs KeyPair KeyPairs[] KeyPairId,KeyName
DescribeVpcs Vpc Vpcs[] VpcId
CreateVpc Vpc Vpc VpcId
DescribeSubnets Subnet Subnets[] SubnetId,SubnetArn
CreateSubnet Subnet Subnet SubnetId,SubnetArn
DescribeRouteTables RouteTable RouteTables[] RouteTableId
CreateRouteTable RouteTable RouteTable RouteTableId
DescribeNetworkAcls NetworkAcl NetworkAcls[] NetworkAclId
CreateNetworkAcl NetworkAcl NetworkAcl NetworkAclId
DescribeInternetGateways InternetGateway InternetGateways[] InternetGatewayId
CreateInternetGateway InternetGateway InternetGateway InternetGatewayId
DescribeNatGateways NatGateway NatGateways[] NatGatewayId
CreateNatGateway NatGateway NatGateway NatGatewayId
DescribeNetworkInterfaces NetworkInterface NetworkInterfaces[] NetworkInterfaceId
CreateNetworkInterface NetworkInterface NetworkInterface NetworkInterfaceId
DescribeAddresses Address Addresses[] AllocationId,PublicIp
DescribeVpcEndpoints VpcEndpoint VpcEndpoints[] VpcEndpointId
DescribeLaunchTemplates LaunchTemplate LaunchTemplates[] LaunchTemplateId,LaunchTemplateName
CreateLaunchTemplate LaunchTemplate LaunchTemplate LaunchTemplateId,LaunchTemplateName
""",
    "ecr": """
DescribeRepositories Repository repositories[] repositoryName,repositoryArn
CreateRepository Repository repository repositoryName,repositoryArn
GetRepositoryPolicy RepositoryPolicy - $repositoryName
GetLifecyclePolicy LifecyclePolicy - $repositoryName
""",
    "ecs": """
DescribeClusters Cluster clusters[] clusterArn,clusterName
CreateCluster Cluster cluster clusterArn,clusterName
DescribeServices Service services[] serviceArn,serviceName
CreateService Service service serviceArn,serviceName
UpdateService Service service serviceArn,serviceName
DescribeTaskDefinition TaskDefinition taskDefinition taskDefinitionArn
RegisterTaskDefinition TaskDefinition taskDefinition taskDefinitionArn
""",
    "efs": """
DescribeFileSystems FileSystem FileSystems[] FileSystemId,FileSystemArn
CreateFileSystem FileSystem - FileSystemId,FileSystemArn
DescribeFileSystemPolicy FileSystemPolicy - $FileSystemId
""",
    "eks": """
DescribeCluster Cluster cluster name,arn
CreateCluster Cluster cluster name,arn
""",
    "elbv2": """
DescribeLoadBalancers LoadBalancer LoadBalancers[] LoadBalancerArn,LoadBalancerName
CreateLoadBalancer LoadBalancer LoadBalancers[] LoadBalancerArn,LoadBalancerName
DescribeLoadBalancerAttributes LoadBalancerAttributes - $LoadBalancerArn
DescribeListeners Listener Listeners[] ListenerArn
CreateListener Listener Listeners[] ListenerArn
ModifyListener Listener Listeners[] ListenerArn
DescribeTargetGroups TargetGroup TargetGroups[] TargetGroupArn,TargetGroupName
CreateTargetGroup TargetGroup TargetGroups[] TargetGroupArn,TargetGroupName
DescribeTargetGroupAttributes TargetGroupAttributes - $TargetGroupArn
""",
    "events": """
DescribeRule Rule - Arn,Name
ListRules Rule Rules[] Arn,Name
ListTargetsByRule TargetsByRule - $Rule by=EventBusName
""",
    "iam": """
GetUser User User UserName,Arn,UserId
ListUsers User Users[] UserName,Arn,UserId
CreateUser User User UserName,Arn,UserId
GetRole Role Role RoleName,Arn,RoleId
ListRoles Role Roles[] RoleName,Arn,RoleId
CreateRole Role Role RoleName,Arn,RoleId
GetGroup Group Group GroupName,Arn,GroupId
ListGroups Group Groups[] GroupName,Arn,GroupId
CreateGroup Group Group GroupName,Arn,GroupId
GetPolicy Policy Policy Arn,PolicyName,PolicyId
ListPolicies Policy Policies[] Arn,PolicyName,PolicyId
CreatePolicy Policy Policy Arn,PolicyName,PolicyId
GetPolicyVersion PolicyVersion PolicyVersion $PolicyArn by=VersionId
ListPolicyVersions PolicyVersions - $PolicyArn
GetInstanceProfile InstanceProfile InstanceProfile InstanceProfileName,Arn,InstanceProfileId
CreateInstanceProfile InstanceProfile InstanceProfile InstanceProfileName,Arn,InstanceProfileId
GetUserPolicy UserPolicy - $UserName by=PolicyName
GetRolePolicy RolePolicy - $RoleName by=PolicyName
GetGroupPolicy GroupPolicy - $GroupName by=PolicyName
ListUserPolicies UserPolicies - $UserName
ListRolePolicies RolePolicies - $RoleName
ListGroupPolicies GroupPolicies - $GroupName
ListAttachedUserPolicies AttachedUserPolicies - $UserName
ListAttachedRolePolicies AttachedRolePolicies - $RoleName
ListAttachedGroupPolicies AttachedGroupPolicies - $GroupName
ListGroupsForUser GroupsForUser - $UserName
ListAccessKeys AccessKeys - $UserName
ListMFADevices MFADevices - $UserName
ListUserTags UserTags - $UserName
ListRoleTags RoleTags - $RoleName
GetLoginProfile LoginProfile LoginProfile $UserName
""",
    "kms": """
DescribeKey Key KeyMetadata KeyId,Arn
CreateKey Key KeyMetadata KeyId,Arn
GetKeyPolicy KeyPolicy - $KeyId by=PolicyName
GetKeyRotationStatus KeyRotation - $KeyId
ListGrants Grants - $KeyId
ListResourceTags ResourceTags - $KeyId
""",
    "lambda": """
GetFunction Function Configuration FunctionName,FunctionArn
GetFunctionConfiguration Function - FunctionName,FunctionArn
ListFunctions Function Functions[] FunctionName,FunctionArn
CreateFunction Function - FunctionName,FunctionArn
UpdateFunctionCode Function - FunctionName,FunctionArn
UpdateFunctionConfiguration Function - FunctionName,FunctionArn
GetPolicy FunctionPolicy - $FunctionName by=Qualifier
GetFunctionConcurrency FunctionConcurrency - $FunctionName
GetFunctionUrlConfig FunctionUrlConfig - $FunctionName by=Qualifier
GetEventSourceMapping EventSourceMapping - UUID,EventSourceMappingArn
ListTags ResourceTags - $Resource
""",
    "logs": """
DescribeLogGroups LogGroup logGroups[] logGroupName,logGroupArn,arn
DescribeSubscriptionFilters SubscriptionFilters - $logGroupName
""",
    "rds": """
DescribeDBInstances DBInstance DBInstances[] DBInstanceIdentifier,DBInstanceArn,DbiResourceId
CreateDBInstance DBInstance DBInstance DBInstanceIdentifier,DBInstanceArn,DbiResourceId
ModifyDBInstance DBInstance DBInstance DBInstanceIdentifier,DBInstanceArn,DbiResourceId
StartDBInstance DBInstance DBInstance DBInstanceIdentifier,DBInstanceArn,DbiResourceId
StopDBInstance DBInstance DBInstance DBInstanceIdentifier,DBInstanceArn,DbiResourceId
DeleteDBInstance DBInstance DBInstance DBInstanceIdentifier,DBInstanceArn,DbiResourceId
DescribeDBClusters DBCluster DBClusters[] DBClusterIdentifier,DBClusterArn,DbClusterResourceId
CreateDBCluster DBCluster DBCluster DBClusterIdentifier,DBClusterArn,DbClusterResourceId
ModifyDBCluster DBCluster DBCluster DBClusterIdentifier,DBClusterArn,DbClusterResourceId
DescribeDBSnapshots DBSnapshot DBSnapshots[] DBSnapshotIdentifier,DBSnapshotArn
CreateDBSnapshot DBSnapshot DBSnapshot DBSnapshotIdentifier,DBSnapshotArn
DescribeDBSubnetGroups DBSubnetGroup DBSubnetGroups[] DBSubnetGroupName,DBSubnetGroupArn
DescribeDBParameterGroups DBParameterGroup DBParameterGroups[] DBParameterGroupName,DBParameterGroupArn
""",
    "route53": """
GetHostedZone HostedZone HostedZone Id
CreateHostedZone HostedZone HostedZone Id
ListHostedZones HostedZone HostedZones[] Id
ListResourceRecordSets ResourceRecordSets - $HostedZoneId
GetHealthCheck HealthCheck HealthCheck Id
""",
    "s3": """
ListBuckets Bucket Buckets[] Name
HeadBucket Bucket - $Bucket
GetBucketPolicy BucketPolicy - $Bucket
GetBucketPolicyStatus BucketPolicyStatus PolicyStatus $Bucket
GetBucketTagging BucketTagging - $Bucket
GetBucketAcl BucketAcl - $Bucket
GetBucketVersioning BucketVersioning - $Bucket
GetBucketEncryption BucketEncryption - $Bucket
GetBucketLocation BucketLocation - $Bucket
GetBucketLifecycleConfiguration BucketLifecycleConfiguration - $Bucket
GetBucketCors BucketCors - $Bucket
GetBucketWebsite BucketWebsite - $Bucket
GetBucketLogging BucketLogging - $Bucket
GetBucketReplication BucketReplication - $Bucket
GetBucketNotificationConfiguration BucketNotificationConfiguration - $Bucket
GetBucketOwnershipControls BucketOwnershipControls - $Bucket
GetBucketAccelerateConfiguration BucketAccelerateConfiguration - $Bucket
GetBucketRequestPayment BucketRequestPayment - $Bucket
GetPublicAccessBlock PublicAccessBlock - $Bucket
GetObjectLockConfiguration ObjectLockConfiguration - $Bucket
""",
    "secretsmanager": """
DescribeSecret Secret - ARN,Name
ListSecrets Secret SecretList[] ARN,Name
GetSecretValue SecretValue - ARN,Name by=VersionId,VersionStage
GetResourcePolicy ResourcePolicy - ARN,Name
""",
    "sns": """
GetTopicAttributes TopicAttributes Attributes $TopicArn
ListSubscriptionsByTopic TopicSubscriptions - $TopicArn
GetSubscriptionAttributes SubscriptionAttributes Attributes $SubscriptionArn
ListTagsForResource ResourceTags - $ResourceArn
""",
    "sqs": """
GetQueueAttributes QueueAttributes Attributes $QueueUrl
ListQueueTags QueueTags - $QueueUrl
""",
    "ssm": """
GetParameter Parameter Parameter Name,ARN by=WithDecryption
GetParameters Parameter Parameters[] Name,ARN by=WithDecryption
GetParametersByPath Parameter Parameters[] Name,ARN by=WithDecryption
DescribeParameters ParameterMetadata Parameters[] Name,ARN
""",
    "stepfunctions": """
DescribeStateMachine StateMachine - stateMachineArn,name
""",
    "wafv2": """
GetWebACL WebACL WebACL ARN,Id,Name
""",
}
