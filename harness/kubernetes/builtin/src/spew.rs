//! Pod templates, and ports of endpoints, as go-spew prints them (`%#v`, keys sorted, without methods): the texts that hashes such as `pod-template-hash` are
//! made of.
//!
//! Source: `pkg/util/hash.DeepHashObject` and `k8s.io/apimachinery/pkg/util/dump.ForHash`, release 1.35. The text shows Go's own structs: every
//! field whether set or not, the Go names of fields and types, the inner parts of quantities. Templates are taken as a controller sees them,
//! which reads protobuf: lists and maps without entries are nil. `managedFields` and times of a template's metadata are shown as unset; nobody
//! sets them there.

use std::fmt::Write as _;
use std::ops::Range;

use proofmark_json::Value;
use proofmark_types::{Field, Fields, Scalar, Type, TypeId};

use crate::quantity::{GoForm, Quantity};
use crate::table::{TABLES, type_of};

/// Go's names of fields that are not just the JSON name with a capital.
const NAMES: &[(&str, &str)] = &[
    ("apiGroup", "APIGroup"),
    ("apiVersion", "APIVersion"),
    ("awsElasticBlockStore", "AWSElasticBlockStore"),
    ("cephfs", "CephFS"),
    ("chapAuthDiscovery", "DiscoveryCHAPAuth"),
    ("chapAuthSession", "SessionCHAPAuth"),
    ("csi", "CSI"),
    ("diskURI", "DataDiskURI"),
    ("dnsConfig", "DNSConfig"),
    ("dnsPolicy", "DNSPolicy"),
    ("endpoints", "EndpointsName"),
    ("fc", "FC"),
    ("fsGroup", "FSGroup"),
    ("fsGroupChangePolicy", "FSGroupChangePolicy"),
    ("fsType", "FSType"),
    ("gcePersistentDisk", "GCEPersistentDisk"),
    ("gmsaCredentialSpec", "GMSACredentialSpec"),
    ("gmsaCredentialSpecName", "GMSACredentialSpecName"),
    ("grpc", "GRPC"),
    ("httpGet", "HTTPGet"),
    ("httpHeaders", "HTTPHeaders"),
    ("ip", "IP"),
    ("iqn", "IQN"),
    ("iscsi", "ISCSI"),
    ("iscsiInterface", "ISCSIInterface"),
    ("metadata", "ObjectMeta"),
    ("nfs", "NFS"),
    ("os", "OS"),
    ("pdName", "PDName"),
    ("rbd", "RBD"),
    ("seLinuxChangePolicy", "SELinuxChangePolicy"),
    ("seLinuxOptions", "SELinuxOptions"),
    ("serviceAccount", "DeprecatedServiceAccount"),
    ("sslEnabled", "SSLEnabled"),
    ("storageos", "StorageOS"),
    ("tcpSocket", "TCPSocket"),
    ("tty", "TTY"),
    ("uid", "UID"),
    ("wwids", "WWIDs"),
];

/// The same, where only one struct names them so.
const RBD_NAMES: &[(&str, &str)] =
    &[("image", "RBDImage"), ("monitors", "CephMonitors"), ("pool", "RBDPool"), ("user", "RadosUser")];

/// Prints a `PodTemplateSpec` in JSON as Go would print the struct.
pub fn pod_template(template: &Value) -> String {
    let mut text = String::new();
    let spec = type_of("", "v1", "PodTemplate").and_then(|kind| match TABLES.graph.get(kind) {
        Type::Struct(kind) => kind.fields.get("template"),
        _ => None,
    });
    if let Some(spec) = spec {
        Printer(&mut text).typed(spec.ty, Some(template));
    }
    text
}

/// Prints an `EndpointPort` in JSON as Go would print the struct: what ports of a subset are ordered by.
pub fn endpoint_port(port: &Value) -> String {
    let mut text = String::new();
    let field = |ty: TypeId, name: &str| match TABLES.graph.get(ty) {
        Type::Struct(known) => known.fields.get(name).map(|field| field.ty),
        _ => None,
    };
    let item = |ty: TypeId| match TABLES.graph.get(ty) {
        Type::List(list) => Some(list.item),
        _ => None,
    };
    let kind = type_of("", "v1", "Endpoints");
    let subset = kind.and_then(|kind| field(kind, "subsets")).and_then(item);
    if let Some(ty) = subset.and_then(|subset| field(subset, "ports")).and_then(item) {
        Printer(&mut text).typed(ty, Some(port));
    }
    text
}

struct Printer<'a>(&'a mut String);

impl Printer<'_> {
    fn write(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// `(type)value`
    fn typed(&mut self, ty: TypeId, value: Option<&Value>) {
        let name = match TABLES.details(ty).go_name {
            "" => "interface {}",
            name => name,
        };
        self.write("(");
        self.write(name);
        self.write(")");
        self.value(ty, value);
    }

    /// `(*type)value` or `(*type)<nil>`
    fn pointer(&mut self, ty: TypeId, value: Option<&Value>) {
        self.write("(*");
        self.write(TABLES.details(ty).go_name);
        self.write(")");
        match value {
            Some(value) if !is_time(ty) => self.value(ty, Some(value)),
            _ => self.write("<nil>"),
        }
    }

    fn value(&mut self, ty: TypeId, value: Option<&Value>) {
        match TABLES.graph.get(ty) {
            Type::Scalar(scalar) => self.scalar(*scalar, value),
            Type::Struct(known) => {
                self.write("{");
                self.fields(ty, &known.fields, 0..known.fields.len(), None, value);
                self.write("}");
            }
            Type::List(list) => {
                let items = value.and_then(Value::as_array).filter(|items| !items.is_empty());
                let Some(items) = items else { return self.write("<nil>") };
                self.write("[");
                for (at, item) in items.iter().enumerate() {
                    self.space(at);
                    self.value(list.item, Some(item));
                }
                self.write("]");
            }
            Type::Map(map) => {
                let entries = value.and_then(Value::as_object).filter(|entries| !entries.is_empty());
                let Some(entries) = entries else { return self.write("<nil>") };
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_unstable_by_key(|(key, _)| key.as_str());
                self.write("map[");
                for (at, (key, value)) in sorted.into_iter().enumerate() {
                    self.space(at);
                    self.write(key);
                    self.write(":");
                    self.value(map.value, Some(value));
                }
                self.write("]");
            }
            Type::Any => self.write("<nil>"),
        }
    }

    /// `Name:(type)value` of fields, those of embedded structs inside of theirs.
    fn fields(
        &mut self,
        ty: TypeId,
        fields: &Fields,
        range: Range<usize>,
        inside: Option<usize>,
        value: Option<&Value>,
    ) {
        let details = TABLES.details(ty);
        let mut at = range.start;
        while at < range.end {
            self.space(at - range.start);
            let embed = details.embeds.iter().enumerate().find(|(_, e)| e.parent == inside && e.fields.start == at);
            if let Some((index, embed)) = embed {
                // An embedded struct is named like its type.
                let _ = write!(self.0, "{0}:(v1.{0}){{", embed.name);
                self.fields(ty, fields, embed.fields.clone(), Some(index), value);
                self.write("}");
                at = embed.fields.end.max(at + 1);
                continue;
            }
            if let Some((json, field)) = fields.get_index(at) {
                self.field(details.go_name, json, field, value.and_then(|value| value.get(json)));
            }
            at += 1;
        }
    }

    fn field(&mut self, of: &str, json: &str, field: &Field, value: Option<&Value>) {
        let special = if of == "v1.RBDVolumeSource" { RBD_NAMES } else { &[] };
        let named = special.iter().chain(NAMES).find(|(name, _)| *name == json);
        match named {
            Some((_, go)) => self.write(go),
            None => {
                let mut letters = json.chars();
                self.0.extend(letters.next().map(|first| first.to_ascii_uppercase()));
                self.write(letters.as_str());
            }
        }
        self.write(":");
        let value = value.filter(|value| !value.is_null());
        if field.pointer { self.pointer(field.ty, value) } else { self.typed(field.ty, value) }
    }

    fn scalar(&mut self, scalar: Scalar, value: Option<&Value>) {
        let text = value.and_then(Value::as_str).unwrap_or_default();
        match scalar {
            Scalar::String => self.write(text),
            Scalar::Bool => self.write(if value == Some(&Value::Bool(true)) { "true" } else { "false" }),
            Scalar::Int32 | Scalar::Int64 | Scalar::Uint32 => {
                let _ = write!(self.0, "{}", value.and_then(Value::as_i64).unwrap_or_default());
            }
            Scalar::Float => {
                let _ = write!(self.0, "{}", value.and_then(Value::as_f64).unwrap_or_default());
            }
            Scalar::IntOrString => {
                let number = value.and_then(Value::as_i64).unwrap_or_default();
                let kind = u8::from(value.is_some_and(Value::is_string));
                let _ = write!(self.0, "{{Type:(intstr.Type){kind} IntVal:(int32){number} StrVal:(string){text}}}");
            }
            Scalar::Quantity => self.quantity(text),
            Scalar::Time | Scalar::MicroTime => {
                self.write("{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}");
            }
            Scalar::Bytes | Scalar::Duration => self.write("<nil>"),
        }
    }

    fn quantity(&mut self, text: &str) {
        let GoForm { value, scale, big, text, format } = Quantity::parse(text).map(|q| q.go_form()).unwrap_or_default();
        let _ = write!(self.0, "{{i:(resource.int64Amount){{value:(int64){value} scale:(resource.Scale){scale}}} ");
        match big {
            None => self.write("d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>}"),
            Some((negative, words, scale)) => {
                let words: Vec<String> = words.iter().map(u64::to_string).collect();
                let _ = write!(
                    self.0,
                    "d:(resource.infDecAmount){{Dec:(*inf.Dec){{unscaled:(big.Int){{neg:(bool){negative} \
                     abs:(big.nat)[{}]}} scale:(inf.Scale){scale}}}}}",
                    words.join(" ")
                );
            }
        }
        let _ = write!(self.0, " s:(string){text} Format:(resource.Format){format}}}");
    }

    fn space(&mut self, at: usize) {
        if at > 0 {
            self.write(" ");
        }
    }
}

fn is_time(ty: TypeId) -> bool {
    matches!(TABLES.graph.get(ty), Type::Scalar(Scalar::Time | Scalar::MicroTime))
}
