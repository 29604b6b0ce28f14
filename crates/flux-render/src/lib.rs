//! What Flux would apply to a cluster, worked out offline: `kustomize build` and the steps of
//! Flux's kustomize-controller around it, on trees whose every value knows who wrote it.
