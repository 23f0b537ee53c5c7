// Where kinds other than Secrets and workloads keep values, by group and kind: the field (lists on the way are entered),
// and how it is written.
//
// Sources: the API references of Kubernetes 1.36, Flux 2.7, Argo CD 3.2, helm-controller of K3s 0.16, External Secrets
// Operator 0.20, Sealed Secrets 0.32, sops-secrets-operator 0.18, kustomize 5.7.
[
    place("", "ConfigMap", "data", Form::Files),
    place("", "ConfigMap", "binaryData", Form::Files),
    place("", "PersistentVolume", "spec.csi.volumeAttributes", Form::Values),
    place("", "PersistentVolume", "spec.flexVolume.options", Form::Values),
    place("storage.k8s.io", "StorageClass", "parameters", Form::Values),
    place("bitnami.com", "SealedSecret", "spec.template.data", Form::Files),
    place("bitnami.com", "SealedSecret", "spec.template.metadata.annotations", Form::Annotations),
    place("isindir.github.com", "SopsSecret", "spec.secretTemplates", Form::Secrets),
    place("external-secrets.io", "ExternalSecret", "spec.target.template.data", Form::Files),
    place("helm.toolkit.fluxcd.io", "HelmRelease", "spec.values", Form::Values),
    place("kustomize.toolkit.fluxcd.io", "Kustomization", "spec.postBuild.substitute", Form::Values),
    place("helm.cattle.io", "HelmChart", "spec.valuesContent", Form::Values),
    place("helm.cattle.io", "HelmChart", "spec.set", Form::Values),
    place("helm.cattle.io", "HelmChartConfig", "spec.valuesContent", Form::Values),
    place("argoproj.io", "Application", "spec.source", Form::Values),
    place("argoproj.io", "Application", "spec.sources", Form::Values),
    place("argoproj.io", "ApplicationSet", "spec.template.spec.source", Form::Values),
    place("argoproj.io", "ApplicationSet", "spec.template.spec.sources", Form::Values),
    place("kustomize.config.k8s.io", "Kustomization", "secretGenerator", Form::SecretLiterals),
    place("kustomize.config.k8s.io", "Kustomization", "configMapGenerator", Form::Literals),
    place("kustomize.config.k8s.io", "Component", "secretGenerator", Form::SecretLiterals),
    place("kustomize.config.k8s.io", "Component", "configMapGenerator", Form::Literals),
]
