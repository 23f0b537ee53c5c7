// Kinds whose operators make Services, ConfigMaps, Secrets, ServiceAccounts and pods of their own, in the namespace of the
// object, with names that hold the object's name. From the manuals of the operators; each is declared in `looks_up`.
[
    // Prometheus operator 0.87
    ("monitoring.coreos.com/v1", "Prometheus"),
    ("monitoring.coreos.com/v1", "Alertmanager"),
    ("monitoring.coreos.com/v1", "ThanosRuler"),
    // VictoriaMetrics operator 0.65
    ("operator.victoriametrics.com/v1beta1", "VMSingle"),
    ("operator.victoriametrics.com/v1beta1", "VMCluster"),
    ("operator.victoriametrics.com/v1beta1", "VMAgent"),
    // Databases: CloudNativePG 1.27, Zalando 1.14, Crunchy 5.8, Percona, Oracle, MariaDB
    ("postgresql.cnpg.io/v1", "Cluster"),
    ("postgresql.cnpg.io/v1", "Pooler"),
    ("acid.zalan.do/v1", "postgresql"),
    ("postgres-operator.crunchydata.com/v1beta1", "PostgresCluster"),
    ("mysql.oracle.com/v2", "InnoDBCluster"),
    ("k8s.mariadb.com/v1alpha1", "MariaDB"),
    ("mongodbcommunity.mongodb.com/v1", "MongoDBCommunity"),
    ("databases.spotahome.com/v1", "RedisFailover"),
    ("redis.redis.opstreelabs.in/v1beta2", "Redis"),
    ("dragonflydb.io/v1alpha1", "Dragonfly"),
    // Queues and search: RabbitMQ 2.16, Strimzi 0.48, ECK 3.1
    ("rabbitmq.com/v1beta1", "RabbitmqCluster"),
    ("kafka.strimzi.io/v1beta2", "Kafka"),
    ("kafka.strimzi.io/v1beta2", "KafkaConnect"),
    ("kafka.strimzi.io/v1beta2", "KafkaBridge"),
    ("elasticsearch.k8s.elastic.co/v1", "Elasticsearch"),
    ("kibana.k8s.elastic.co/v1", "Kibana"),
    // Storage: Rook 1.18, MinIO 7
    ("ceph.rook.io/v1", "CephCluster"),
    ("ceph.rook.io/v1", "CephObjectStore"),
    ("minio.min.io/v2", "Tenant"),
    // Observability: Grafana 5, Jaeger 1.65, OpenTelemetry 0.138
    ("grafana.integreatly.org/v1beta1", "Grafana"),
    ("jaegertracing.io/v1", "Jaeger"),
    ("opentelemetry.io/v1beta1", "OpenTelemetryCollector"),
    // Identity and delivery: Keycloak 26, Argo CD operator, Tekton triggers, Knative
    ("k8s.keycloak.org/v2alpha1", "Keycloak"),
    ("argoproj.io/v1beta1", "ArgoCD"),
    ("rhdh.redhat.com/v1alpha3", "Backstage"),
    ("triggers.tekton.dev/v1beta1", "EventListener"),
    ("serving.knative.dev/v1", "Service"),
    // Gateways that run in the cluster
    ("gateway.networking.k8s.io/v1", "Gateway"),
]
