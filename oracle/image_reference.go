package main

import "github.com/distribution/reference"

type imageReferenceInput struct {
	Text string `json:"text"`
}

// imageReferenceOutput is what each of upstream's readers makes of a text.
type imageReferenceOutput struct {
	// Named is ParseNormalizedNamed: what the kubelet and containerd read an image field with.
	Named namedReference `json:"named"`
	// Docker is ParseDockerRef: the same, but a tag is dropped where there is a digest too.
	Docker namedReference `json:"docker"`
	// AnyError is the error of ParseAnyReference, which takes bare identifiers and digests as well.
	// Empty: no error.
	AnyError string `json:"anyError"`
}

type namedReference struct {
	Error  string `json:"error,omitempty"`
	Domain string `json:"domain,omitempty"`
	Path   string `json:"path,omitempty"`
	Tag    string `json:"tag,omitempty"`
	Digest string `json:"digest,omitempty"`
	// Text is the whole normalized reference.
	Text string `json:"text,omitempty"`
}

func judgeImageReference(input imageReferenceInput) (imageReferenceOutput, error) {
	output := imageReferenceOutput{
		Named:  namedReferenceOf(reference.ParseNormalizedNamed(input.Text)),
		Docker: namedReferenceOf(reference.ParseDockerRef(input.Text)),
	}
	if _, err := reference.ParseAnyReference(input.Text); err != nil {
		output.AnyError = err.Error()
	}
	return output, nil
}

func namedReferenceOf(named reference.Named, err error) namedReference {
	if err != nil {
		return namedReference{Error: err.Error()}
	}
	parts := namedReference{
		Domain: reference.Domain(named),
		Path:   reference.Path(named),
		Text:   named.String(),
	}
	if tagged, ok := named.(reference.Tagged); ok {
		parts.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		parts.Digest = digested.Digest().String()
	}
	return parts
}
