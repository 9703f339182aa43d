package main

import (
	"encoding/json"
	"fmt"
	"log"
	"reflect"
	"slices"
	"strconv"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	admissionv1beta1 "k8s.io/api/admission/v1beta1"
	imagepolicyv1alpha1 "k8s.io/api/imagepolicy/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	apiregistrationv1beta1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1beta1"
)

// newScheme registers every kind that an API server decodes.
func newScheme() *runtime.Scheme {
	all := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		scheme.AddToScheme, admissionv1.AddToScheme, admissionv1beta1.AddToScheme, imagepolicyv1alpha1.AddToScheme,
		apiextensionsv1.AddToScheme, apiextensionsv1beta1.AddToScheme,
		apiregistrationv1.AddToScheme, apiregistrationv1beta1.AddToScheme, metav1.AddMetaToScheme,
	} {
		check(add(all))
	}
	return all
}

// Flags of a field; the reader in ../src/table.rs names the same bits.
const (
	flagAlways = 1 << iota
	flagPointer
	flagRequired
	flagMerge
	flagRetainKeys
	flagReplace
)

// typeTable is written as it stands: every type is an array that starts with its shape, and types refer to each other by index.
//
//	["s", go, scalar]                              a scalar
//	["a", go, codec, inner?, strings?]                   any JSON, with the name of its custom decoding and the types within
//	["l", go, item, kind, keys?, wrapped?]         a list: kind "" (atomic), "set" or "map"
//	["m", go, value, atomic]                       a map
//	["o", go, atomic, fields, embeds?]             a struct
//
// A field is [json, type, number, flags, {"k": merge key, "d": default, "e": its values or its items' values, "a": merged as one value, whatever its type says}?]; an embed is [first field, fields, number, go field].
type typeTable struct {
	Kinds map[string]map[string]int `json:"kinds"` // by "group/version"; "*" holds the kinds of every group and version
	Types [][]any                   `json:"types"`

	schemas map[string]*node
	known   map[string]int
	odd     map[string]bool
}

func newTypeTable(schemas map[string]*node) *typeTable {
	return &typeTable{Kinds: map[string]map[string]int{}, schemas: schemas, known: map[string]int{}, odd: map[string]bool{}}
}

func (t *typeTable) addScheme(all *runtime.Scheme) {
	byVersion := map[string]map[string]reflect.Type{}
	count := map[string]int{}
	for gvk, ty := range all.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal {
			continue
		}
		gv := gvk.Group + "/" + gvk.Version
		if byVersion[gv] == nil {
			byVersion[gv] = map[string]reflect.Type{}
		}
		byVersion[gv][gvk.Kind] = ty
		count[gvk.Kind+" "+ty.PkgPath()]++
	}
	t.Kinds["*"] = map[string]int{}
	for _, gv := range sortedKeys(byVersion) {
		t.Kinds[gv] = map[string]int{}
		for _, kind := range sortedKeys(byVersion[gv]) {
			ty := byVersion[gv][kind]
			into := t.Kinds[gv]
			if count[kind+" "+ty.PkgPath()] >= len(byVersion)-1 { // not in meta.k8s.io
				into = t.Kinds["*"]
			}
			into[kind] = t.add(ty, t.schemas[openAPIName(ty)])
		}
	}
}

// openAPIName is the name of a Go type in OpenAPI: its package with the host reversed.
func openAPIName(ty reflect.Type) string {
	host, rest, _ := strings.Cut(ty.PkgPath(), "/")
	parts := strings.Split(host, ".")
	slices.Reverse(parts)
	return strings.Join(append(parts, strings.Split(rest, "/")...), ".") + "." + ty.Name()
}

var scalars = map[reflect.Type]string{
	reflect.TypeFor[resource.Quantity]():  "quantity",
	reflect.TypeFor[intstr.IntOrString](): "intorstring",
	reflect.TypeFor[metav1.Time]():        "time",
	reflect.TypeFor[metav1.MicroTime]():   "microtime",
}

var codecs = map[reflect.Type]string{
	reflect.TypeFor[runtime.RawExtension]():                              "raw",
	reflect.TypeFor[metav1.FieldsV1]():                                   "fields",
	reflect.TypeFor[apiextensionsv1.JSON]():                              "json",
	reflect.TypeFor[apiextensionsv1beta1.JSON]():                         "json",
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrBool]():             "schemaorbool",
	reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrBool]():        "schemaorbool",
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrArray]():            "schemaorarray",
	reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrArray]():       "schemaorarray",
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrStringArray]():      "schemaorstrings",
	reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrStringArray](): "schemaorstrings",
}

var (
	unmarshaler = reflect.TypeFor[json.Unmarshaler]()
	wireMessage = reflect.TypeFor[interface{ Marshal() ([]byte, error) }]()
)

// add is the index of a type, seen through a schema (nil where the server serves none).
func (t *typeTable) add(ty reflect.Type, seen *node) int {
	if ty.Kind() == reflect.Pointer {
		return t.add(ty.Elem(), seen)
	}
	marks := seen
	for seen != nil && (seen.Ref != "" || len(seen.AllOf) == 1) {
		if len(seen.AllOf) == 1 {
			seen = seen.AllOf[0]
			continue
		}
		seen = t.schemas[strings.TrimPrefix(seen.Ref, "#/components/schemas/")]
	}
	if marks == nil {
		marks = &node{}
	}
	if own := t.schemas[openAPIName(ty)]; seen == nil && own != nil {
		seen = own // met through a kind that is not served, but served elsewhere
	}
	atomic := marks.MapType == "atomic" || (seen != nil && seen.MapType == "atomic")
	key := fmt.Sprint(ty.PkgPath(), " ", ty.String(), " ", atomic)
	if ty.Kind() == reflect.Slice {
		key += fmt.Sprint(" ", marks.ListType, marks.ListKeys)
	}
	if scalar, ok := scalars[ty]; ok {
		return t.put(key, "s", ty.String(), scalar)
	}
	if codec, ok := codecs[ty]; ok {
		if strings.HasPrefix(codec, "schema") {
			id := t.reserve(key)
			if t.Types[id] == nil {
				t.Types[id] = []any{"a", ty.String(), codec}
				field, _ := ty.FieldByName("Schema")
				if codec == "schemaorarray" {
					field, _ = ty.FieldByName("JSONSchemas")
				}
				inner := t.add(field.Type, nil)
				t.Types[id] = append(t.Types[id], inner)
				if property, ok := ty.FieldByName("Property"); ok {
					strings := t.add(property.Type, nil)
					t.Types[id] = append(t.Types[id], strings)
				}
			}
			return id
		}
		return t.put(key, "a", ty.String(), codec)
	}
	if reflect.PointerTo(ty).Implements(unmarshaler) {
		log.Fatalf("%s decodes itself: say how", ty)
	}
	switch ty.Kind() {
	case reflect.Bool, reflect.Int32, reflect.Int64, reflect.Float64, reflect.String:
		return t.put(key, "s", ty.String(), ty.Kind().String())
	case reflect.Interface:
		return t.put(key, "a", ty.String(), "interface")
	case reflect.Slice:
		if ty.Elem().Kind() == reflect.Uint8 {
			return t.put(key, "s", ty.String(), "bytes")
		}
		var items *node
		if seen != nil {
			items = seen.Items
		}
		refusePointer(ty)
		item := t.add(ty.Elem(), items)
		wrapped := ty.Implements(wireMessage) || reflect.PointerTo(ty).Implements(wireMessage)
		row := []any{"l", ty.String(), item, marks.ListType}
		if wrapped || marks.ListType == "map" {
			row = append(row, marks.ListKeys)
		}
		if wrapped {
			row = append(row, true)
		}
		return t.put(fmt.Sprint(key, " ", item), row...)
	case reflect.Map:
		var values *node
		if seen != nil {
			values = seen.Values
		}
		refusePointer(ty)
		value := t.add(ty.Elem(), values)
		if ty.Key().Kind() != reflect.String {
			log.Fatalf("%s has other keys than strings", ty)
		}
		return t.put(fmt.Sprint(key, " ", value), "m", ty.String(), value, atomic)
	case reflect.Struct:
		id := t.reserve(key)
		if t.Types[id] == nil {
			t.Types[id] = []any{"o", ty.String(), atomic}
			s := &structure{table: t, schema: seen, fields: [][]any{}}
			s.walk(ty, true)
			t.Types[id] = append(t.Types[id], s.fields)
			if len(s.embeds) > 0 {
				t.Types[id] = append(t.Types[id], s.embeds)
			}
		}
		return id
	}
	log.Fatalf("%s is of no known kind", ty)
	return 0
}

// refusePointer stops at lists and maps whose items can be nil: the tables cannot say so.
func refusePointer(ty reflect.Type) {
	if ty.Elem().Kind() == reflect.Pointer {
		log.Fatalf("%s holds pointers", ty)
	}
}

func (t *typeTable) reserve(key string) int {
	id, ok := t.known[key]
	if !ok {
		id = len(t.Types)
		t.known[key] = id
		t.Types = append(t.Types, nil)
	}
	return id
}

func (t *typeTable) put(key string, row ...any) int {
	id := t.reserve(key)
	t.Types[id] = row
	return id
}

// structure collects the fields of one struct, embedded ones in place.
type structure struct {
	table  *typeTable
	schema *node
	fields [][]any
	embeds [][]any
}

// walk adds the fields of a struct; wire says whether the protobuf message has them.
func (s *structure) walk(ty reflect.Type, wire bool) {
	for i := range ty.NumField() {
		f := ty.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || (!f.IsExported() && !f.Anonymous) {
			continue
		}
		number := 0
		if parts := strings.Split(f.Tag.Get("protobuf"), ","); len(parts) > 1 && wire {
			n, err := strconv.Atoi(parts[1])
			check(err)
			number = n
		}
		if f.Anonymous && name == "" {
			if f.Type.Kind() != reflect.Struct {
				log.Fatalf("%s embeds %s", ty, f.Type)
			}
			first, place := len(s.fields), len(s.embeds)
			s.embeds = append(s.embeds, nil) // the outer one comes first
			s.walk(f.Type, number > 0)
			s.embeds[place] = []any{first, len(s.fields) - first, number, f.Name}
			continue
		}
		if name == "" {
			name = f.Name
		}
		s.field(f, name, strings.Split(options, ","), number)
	}
}

func (s *structure) field(f reflect.StructField, name string, options []string, number int) {
	var seen *node
	flags := 0
	if s.schema != nil {
		seen = s.schema.Properties[name]
		if slices.Contains(s.schema.Required, name) {
			flags |= flagRequired
		}
	}
	if f.Type.Kind() == reflect.Pointer {
		flags |= flagPointer
		if f.Type.Elem().Kind() == reflect.Slice || f.Type.Elem().Kind() == reflect.Map || f.Type.Elem().Kind() == reflect.Pointer {
			s.table.odd[fmt.Sprint("pointer to ", f.Type.Elem())] = true
		}
	}
	omitEmpty := slices.Contains(options, "omitempty") && f.Type.Kind() != reflect.Struct
	if !omitEmpty && !slices.Contains(options, "omitzero") {
		flags |= flagAlways
	}
	if slices.Contains(options, "omitzero") {
		s.table.odd[fmt.Sprint("omitzero of ", f.Type)] = true
	}
	if slices.Contains(options, "string") {
		log.Fatalf("%s is quoted", name)
	}
	for _, strategy := range strings.Split(f.Tag.Get("patchStrategy"), ",") {
		switch strategy {
		case "merge":
			flags |= flagMerge
		case "retainKeys":
			flags |= flagRetainKeys
		case "replace":
			flags |= flagReplace
		case "":
		default:
			log.Fatalf("patch strategy %s", strategy)
		}
	}
	row := []any{name, s.table.add(f.Type, seen), number, flags}
	extra := map[string]any{}
	if key := f.Tag.Get("patchMergeKey"); key != "" {
		extra["k"] = key
	}
	if seen != nil && seen.Default != nil && string(seen.Default) != "null" {
		extra["d"] = seen.Default
	}
	if seen != nil && seen.Enum != nil {
		extra["e"] = seen.Enum
	} else if seen != nil && seen.Items != nil && seen.Items.Enum != nil {
		extra["e"] = seen.Items.Enum
	}
	if f.Type == reflect.TypeFor[runtime.RawExtension]() {
		extra["a"] = true
	} else if seen != nil && seen.MapType == "granular" {
		extra["a"] = false
	}
	if len(extra) > 0 {
		row = append(row, extra)
	}
	for _, known := range s.fields {
		if known[0] == name {
			log.Fatalf("field %s twice", name)
		}
	}
	s.fields = append(s.fields, row)
}

// report prints what a reader of the tables has to know about this release.
func (t *typeTable) report() {
	kinds := 0
	for _, k := range t.Kinds {
		kinds += len(k)
	}
	fmt.Printf("%d kinds of %d versions, %d types\n", kinds, len(t.Kinds)-1, len(t.Types))
	for _, odd := range sortedKeys(t.odd) {
		fmt.Println("holds a", odd)
	}
}
