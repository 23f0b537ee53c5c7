// The objects that make a Secret: kind, the field that names it, what stands before and behind `*` in the Secret's name, and
// the keys that the Secret gets. Lists on the way to a field are entered. Of several fields (`a|b`) the first that is set
// counts, and no field is the object's own name. Each kind and field is declared in the `looks_up` of the rules that ask.
//
// Keys are `ANY` where the object does not say them; else those that are always there, the fields that list more (`.*` is
// the keys of a map), and the fields that bring keys nobody can know, where they are set.
//
// Sources: the custom resource definitions and manuals of the projects, in the versions named. kube-webhook-certgen
// (ingress-nginx, kube-prometheus-stack) says in its arguments which Secret it makes.
[
    // external-secrets.io 0.20
    producer(
        "external-secrets.io/v1",
        "ExternalSecret",
        "spec.target.name|",
        "*",
        Keys::Known {
            always: &[],
            listed: &["spec.data.secretKey", "spec.target.template.data.*"],
            unless: &["spec.dataFrom", "spec.target.template.templateFrom"],
        },
    ),
    producer(
        "external-secrets.io/v1",
        "ClusterExternalSecret",
        "spec.externalSecretSpec.target.name|spec.externalSecretName|",
        "*",
        Keys::Known {
            always: &[],
            listed: &["spec.externalSecretSpec.data.secretKey", "spec.externalSecretSpec.target.template.data.*"],
            unless: &["spec.externalSecretSpec.dataFrom", "spec.externalSecretSpec.target.template.templateFrom"],
        },
    ),
    // github.com/bitnami-labs/sealed-secrets 0.32, github.com/isindir/sops-secrets-operator 0.18
    producer(
        "bitnami.com/v1alpha1",
        "SealedSecret",
        "spec.template.metadata.name|",
        "*",
        Keys::Known {
            always: &[],
            listed: &["spec.encryptedData.*", "spec.template.data.*"],
            unless: &["spec.data"],
        },
    ),
    producer("isindir.github.com/v1alpha3", "SopsSecret", "spec.secretTemplates.name", "*", Keys::Any),
    // cert-manager.io 1.19
    producer(
        "cert-manager.io/v1",
        "Certificate",
        "spec.secretName",
        "*",
        Keys::Known {
            always: CERTIFICATE,
            listed: &[],
            unless: &["spec.additionalOutputFormats", "spec.keystores"],
        },
    ),
    // developer.hashicorp.com/vault/docs/deploy/kubernetes/vso 1.0
    producer("secrets.hashicorp.com/v1beta1", "VaultStaticSecret", "spec.destination.name", "*", Keys::Any),
    producer("secrets.hashicorp.com/v1beta1", "VaultDynamicSecret", "spec.destination.name", "*", Keys::Any),
    producer("secrets.hashicorp.com/v1beta1", "VaultPKISecret", "spec.destination.name", "*", Keys::Any),
    // 1Password operator 1.10, Infisical 0.10, Doppler 1.6, Secrets Store CSI driver 1.5
    producer("onepassword.com/v1", "OnePasswordItem", "", "*", Keys::Any),
    producer(
        "secrets.infisical.com/v1alpha1",
        "InfisicalSecret",
        "spec.managedSecretReference.secretName",
        "*",
        Keys::Any,
    ),
    producer("secrets.doppler.com/v1alpha1", "DopplerSecret", "spec.managedSecret.name", "*", Keys::Any),
    producer(
        "secrets-store.csi.x-k8s.io/v1",
        "SecretProviderClass",
        "spec.secretObjects.secretName",
        "*",
        Keys::Any,
    ),
    // CloudNativePG 1.27, RabbitMQ cluster operator 2.16, ECK 3.1, Strimzi 0.48, Crunchy PGO 5.8
    producer("postgresql.cnpg.io/v1", "Cluster", "", "*-app", Keys::Any),
    producer("postgresql.cnpg.io/v1", "Cluster", "", "*-superuser", Keys::Any),
    producer("postgresql.cnpg.io/v1", "Cluster", "", "*-ca", Keys::Any),
    producer("rabbitmq.com/v1beta1", "RabbitmqCluster", "", "*-default-user", Keys::Any),
    producer("elasticsearch.k8s.elastic.co/v1", "Elasticsearch", "", "*-es-elastic-user", only(&["elastic"])),
    producer(
        "elasticsearch.k8s.elastic.co/v1",
        "Elasticsearch",
        "",
        "*-es-http-certs-public",
        only(&["tls.crt", "ca.crt"]),
    ),
    producer("kafka.strimzi.io/v1beta2", "KafkaUser", "", "*", Keys::Any),
    producer("kafka.strimzi.io/v1beta2", "Kafka", "", "*-cluster-ca-cert", only(&["ca.crt", "ca.p12", "ca.password"])),
    producer("postgres-operator.crunchydata.com/v1beta1", "PostgresCluster", "", "*-pguser-*", Keys::Any),
    // Object storage: github.com/kube-object-storage/lib-bucket-provisioner
    producer(
        "objectbucket.io/v1alpha1",
        "ObjectBucketClaim",
        "",
        "*",
        only(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]),
    ),
    // github.com/kubernetes/ingress-nginx images/kube-webhook-certgen 1.6
    producer("batch/v1", "Job", "spec.template.spec.containers.args", "--secret-name=*", Keys::Any),
]
