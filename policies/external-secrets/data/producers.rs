// The objects that make a Secret: kind, the field that names it, and what stands before and behind `*` in the Secret's
// name. Lists on the way to the field are entered. Of several fields (`a|b`) the first that is set counts, and no field is
// the object's own name. Each kind and field is declared in the rule's `looks_up`.
//
// Sources: the custom resource definitions and manuals of the projects, in the versions named. kube-webhook-certgen
// (ingress-nginx, kube-prometheus-stack) says in its arguments which Secret it makes.
[
    // external-secrets.io 0.20
    producer("external-secrets.io/v1", "ExternalSecret", "spec.target.name|", "*"),
    producer(
        "external-secrets.io/v1",
        "ClusterExternalSecret",
        "spec.externalSecretSpec.target.name|spec.externalSecretName|",
        "*",
    ),
    // github.com/bitnami-labs/sealed-secrets 0.32, github.com/isindir/sops-secrets-operator 0.18
    producer("bitnami.com/v1alpha1", "SealedSecret", "spec.template.metadata.name|", "*"),
    producer("isindir.github.com/v1alpha3", "SopsSecret", "spec.secretTemplates.name", "*"),
    // cert-manager.io 1.19
    producer("cert-manager.io/v1", "Certificate", "spec.secretName", "*"),
    // developer.hashicorp.com/vault/docs/deploy/kubernetes/vso 1.0
    producer("secrets.hashicorp.com/v1beta1", "VaultStaticSecret", "spec.destination.name", "*"),
    producer("secrets.hashicorp.com/v1beta1", "VaultDynamicSecret", "spec.destination.name", "*"),
    producer("secrets.hashicorp.com/v1beta1", "VaultPKISecret", "spec.destination.name", "*"),
    // 1Password operator 1.10, Infisical 0.10, Doppler 1.6, Secrets Store CSI driver 1.5
    producer("onepassword.com/v1", "OnePasswordItem", "", "*"),
    producer("secrets.infisical.com/v1alpha1", "InfisicalSecret", "spec.managedSecretReference.secretName", "*"),
    producer("secrets.doppler.com/v1alpha1", "DopplerSecret", "spec.managedSecret.name", "*"),
    producer("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", "spec.secretObjects.secretName", "*"),
    // CloudNativePG 1.27, RabbitMQ cluster operator 2.16, ECK 3.1, Strimzi 0.48, Crunchy PGO 5.8
    producer("postgresql.cnpg.io/v1", "Cluster", "", "*-app"),
    producer("postgresql.cnpg.io/v1", "Cluster", "", "*-superuser"),
    producer("postgresql.cnpg.io/v1", "Cluster", "", "*-ca"),
    producer("rabbitmq.com/v1beta1", "RabbitmqCluster", "", "*-default-user"),
    producer("elasticsearch.k8s.elastic.co/v1", "Elasticsearch", "", "*-es-elastic-user"),
    producer("elasticsearch.k8s.elastic.co/v1", "Elasticsearch", "", "*-es-http-certs-public"),
    producer("kafka.strimzi.io/v1beta2", "KafkaUser", "", "*"),
    producer("kafka.strimzi.io/v1beta2", "Kafka", "", "*-cluster-ca-cert"),
    producer("postgres-operator.crunchydata.com/v1beta1", "PostgresCluster", "", "*-pguser-*"),
    // Object storage: github.com/kube-object-storage/lib-bucket-provisioner
    producer("objectbucket.io/v1alpha1", "ObjectBucketClaim", "", "*"),
    // github.com/kubernetes/ingress-nginx images/kube-webhook-certgen 1.6
    producer("batch/v1", "Job", "spec.template.spec.containers.args", "--secret-name=*"),
]
