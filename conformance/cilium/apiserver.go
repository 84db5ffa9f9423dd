package main

import (
	"bytes"
	"context"
	"fmt"
	"sort"
	"strings"

	ciliumcrds "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/client/crds/v2"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/yaml"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// resource is what an API server knows of one custom resource: how to prune, default and validate it.
type resource struct {
	schema    *schema.Structural
	validator validation.SchemaValidator
	rules     *cel.Validator
}

// loadResources reads the definitions that Cilium's own module embeds, so that schema and engine are of one version.
func loadResources() (map[string]*resource, error) {
	files := map[string]string{
		kindNamespaced:  "ciliumnetworkpolicies.yaml",
		kindClusterwide: "ciliumclusterwidenetworkpolicies.yaml",
	}
	resources := map[string]*resource{}
	for kind, file := range files {
		raw, err := ciliumcrds.EmbedFS.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		loaded, err := loadResource(raw)
		if err != nil {
			return nil, fmt.Errorf("load %s: %w", file, err)
		}
		resources[kind] = loaded
	}
	return resources, nil
}

func loadResource(raw []byte) (*resource, error) {
	var definition apiextensionsv1.CustomResourceDefinition
	if err := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096).Decode(&definition); err != nil {
		return nil, err
	}
	var internal apiextensions.CustomResourceDefinition
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&definition, &internal, nil); err != nil {
		return nil, err
	}
	for _, version := range internal.Spec.Versions {
		if version.Name != "v2" {
			continue
		}
		// The conversion hoists a schema that all versions share to the top of the definition.
		props := internal.Spec.Validation
		if version.Schema != nil {
			props = version.Schema
		}
		structural, err := schema.NewStructural(props.OpenAPIV3Schema)
		if err != nil {
			return nil, err
		}
		validator, _, err := validation.NewSchemaValidator(props.OpenAPIV3Schema)
		if err != nil {
			return nil, err
		}
		return &resource{schema: structural, validator: validator, rules: cel.NewValidator(structural, true, celconfig.PerCallLimit)}, nil
	}
	return nil, fmt.Errorf("no version v2")
}

// admit does to the object what an API server does when it is created: prune, default, validate. It returns the paths
// that were dropped, and why the object is refused (empty when it is stored).
func (r *resource) admit(object map[string]any) (dropped []string, refused string) {
	dropped = pruning.PruneWithOptions(object, r.schema, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	sort.Strings(dropped)
	defaulting.PruneNonNullableNullsWithoutDefaults(object, r.schema)
	defaulting.Default(object, r.schema)
	problems := validation.ValidateCustomResource(nil, object, r.validator)
	problems = append(problems, objectmeta.Validate(nil, object, r.schema, false)...)
	problems = append(problems, listtype.ValidateListSetsAndMaps(nil, r.schema, object)...)
	if len(problems) == 0 && r.rules != nil {
		broken, _ := r.rules.Validate(context.Background(), nil, r.schema, object, nil, celconfig.RuntimeCELCostBudget)
		problems = append(problems, broken...)
	}
	texts := make([]string, 0, len(problems))
	for _, problem := range problems {
		texts = append(texts, problem.Error())
	}
	sort.Strings(texts)
	return dropped, strings.Join(texts, "; ")
}
