package main

import (
	"context"
	"encoding/json"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

func withDefaults(config *rest.Config) *rest.Config {
	config.GroupVersion = &schema.GroupVersion{}
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	return config
}

func get(server rest.Interface, path, accept string, into any) {
	body, err := server.Get().AbsPath(path).SetHeader("Accept", accept).DoRaw(context.Background())
	check(err)
	check(json.Unmarshal(body, into))
}

// node is one schema of an OpenAPI document, as far as the tables need it.
type node struct {
	Ref        string           `json:"$ref"`
	AllOf      []*node          `json:"allOf"`
	Properties map[string]*node `json:"properties"`
	Items      *node            `json:"items"`
	Values     *node            `json:"additionalProperties"`
	Required   []string         `json:"required"`
	Default    json.RawMessage  `json:"default"`
	ListType   string           `json:"x-kubernetes-list-type"`
	ListKeys   []string         `json:"x-kubernetes-list-map-keys"`
	MapType    string           `json:"x-kubernetes-map-type"`
	Enum       []string         `json:"enum"`
}

// readOpenAPI is every schema of every /openapi/v3 document, by its name.
func readOpenAPI(server rest.Interface) map[string]*node {
	var index struct {
		Paths map[string]struct {
			URL string `json:"serverRelativeURL"`
		} `json:"paths"`
	}
	get(server, "/openapi/v3", "application/json", &index)
	schemas := map[string]*node{}
	for path, document := range index.Paths {
		if !strings.HasPrefix(path, "api") {
			continue
		}
		var found struct {
			Components struct {
				Schemas map[string]*node `json:"schemas"`
			} `json:"components"`
		}
		url, _, _ := strings.Cut(document.URL, "?")
		get(server, url, "application/json", &found)
		for name, schema := range found.Components.Schemas {
			schemas[name] = schema
		}
	}
	return schemas
}

type kindRef struct {
	Group   string `json:"group"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
}

type subresource struct {
	Name string `json:"name"`
	kindRef
	Verbs []string `json:"verbs"`
}

type servedResource struct {
	kindRef
	Plural       string        `json:"plural"`
	Singular     string        `json:"singular"`
	Namespaced   bool          `json:"namespaced"`
	Verbs        []string      `json:"verbs"`
	ShortNames   []string      `json:"short_names,omitempty"`
	Categories   []string      `json:"categories,omitempty"`
	Hash         string        `json:"storage_version_hash,omitempty"`
	Subresources []subresource `json:"subresources,omitempty"`
}

type group struct {
	Name      string   `json:"name"`
	Versions  []string `json:"versions"`
	Preferred string   `json:"preferred"`
}

type discovery struct {
	Groups    []group          `json:"groups"`
	Resources []servedResource `json:"resources"`
}

// readDiscovery joins the aggregated documents (order, subresources) with the legacy ones (preferred versions, storage version hashes).
func readDiscovery(server rest.Interface) discovery {
	const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	type body struct {
		Resource  string   `json:"resource"`
		Name      string   `json:"subresource"`
		Kind      kindRef  `json:"responseKind"`
		Scope     string   `json:"scope"`
		Singular  string   `json:"singularResource"`
		Verbs     []string `json:"verbs"`
		Short     []string `json:"shortNames"`
		Category  []string `json:"categories"`
		Resources []body   `json:"subresources"`
	}
	var out discovery
	for _, path := range []string{"/api", "/apis"} {
		var list struct {
			Items []struct {
				Metadata struct {
					Name string `json:"name"`
				} `json:"metadata"`
				Versions []struct {
					Version   string `json:"version"`
					Resources []body `json:"resources"`
				} `json:"versions"`
			} `json:"items"`
		}
		get(server, path, aggregated, &list)
		for _, g := range list.Items {
			served := group{Name: g.Metadata.Name}
			for _, v := range g.Versions {
				served.Versions = append(served.Versions, v.Version)
				own := func(kind kindRef) kindRef {
					if kind.Version == "" {
						kind.Group, kind.Version = served.Name, v.Version
					}
					return kind
				}
				hashes := storageVersionHashes(server, strings.TrimSuffix(path+"/"+served.Name, "/")+"/"+v.Version)
				for _, r := range v.Resources {
					next := servedResource{
						kindRef: own(r.Kind), Plural: r.Resource, Singular: r.Singular, Namespaced: r.Scope == "Namespaced",
						Verbs: r.Verbs, ShortNames: r.Short, Categories: r.Category, Hash: hashes[r.Resource],
					}
					for _, s := range r.Resources {
						next.Subresources = append(next.Subresources, subresource{Name: s.Name, kindRef: own(s.Kind), Verbs: s.Verbs})
					}
					out.Resources = append(out.Resources, next)
				}
			}
			served.Preferred = preferredVersion(server, served)
			out.Groups = append(out.Groups, served)
		}
	}
	return out
}

func storageVersionHashes(server rest.Interface, path string) map[string]string {
	var list struct {
		Resources []struct {
			Name string `json:"name"`
			Hash string `json:"storageVersionHash"`
		} `json:"resources"`
	}
	get(server, path, "application/json", &list)
	hashes := map[string]string{}
	for _, r := range list.Resources {
		hashes[r.Name] = r.Hash
	}
	return hashes
}

func preferredVersion(server rest.Interface, g group) string {
	if g.Name == "" {
		return g.Versions[0]
	}
	var found struct {
		Preferred struct {
			Version string `json:"version"`
		} `json:"preferredVersion"`
	}
	get(server, "/apis/"+g.Name, "application/json", &found)
	return found.Preferred.Version
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
