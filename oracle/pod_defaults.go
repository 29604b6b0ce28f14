package main

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// setPodDefaults does the part of the API server's defaulting that Pod Security checks can see.
//
// It restates SetDefaults_Volume and SetDefaults_Pod of k8s.io/kubernetes/pkg/apis/core/v1, which
// no module outside Kubernetes can import without replacing every module that it is staged with.
func setPodDefaults(spec *corev1.PodSpec) {
	for i := range spec.Volumes {
		source := &spec.Volumes[i].VolumeSource
		if ptr.AllPtrFieldsNil(source) {
			source.EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	if spec.HostNetwork {
		setHostPortDefaults(spec.InitContainers)
		setHostPortDefaults(spec.Containers)
	}
}

func setHostPortDefaults(containers []corev1.Container) {
	for i := range containers {
		for j := range containers[i].Ports {
			if port := &containers[i].Ports[j]; port.HostPort == 0 {
				port.HostPort = port.ContainerPort
			}
		}
	}
}
