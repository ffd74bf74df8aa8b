//! What stands at the `extends` of a service.

use crate::node::{Map, Node, Value};
use crate::refusal::Refusal;
use crate::source::Span;

pub(super) struct Reference {
    /// The word `extends`.
    pub(super) key: Span,
    /// The service to extend.
    pub(super) service: String,
    pub(super) at: Span,
    /// The other file, if it is in one.
    pub(super) file: Option<(String, Span)>,
}

/// The part of a reference that is not known.
pub(super) fn unknown_reference(name: &str, services: &Map) -> Option<Span> {
    let extends = services.get(name)?.node.get("extends")?;
    let mut parts = [Some(extends), extends.get("service"), extends.get("file")].into_iter().flatten();
    parts.find(|part| part.value == Value::Unknown).map(|part| part.origin.span)
}

/// None where the service extends nothing.
pub(super) fn reference(name: &str, services: &Map) -> Result<Option<Reference>, Refusal> {
    let Some(entry) = services.get(name) else { return Ok(None) };
    let service = match &entry.node.value {
        Value::Map(service) => service,
        Value::Null => return Ok(None),
        _ => return Err(Refusal::at(entry.node.origin.span, format!("the service `{name}` must be a mapping"))),
    };
    let Some(extends) = service.get("extends") else { return Ok(None) };
    let place = extends.node.origin.span;
    let ((service, at), file) = match &extends.node.value {
        Value::Text(service) => ((service.clone(), place), None),
        Value::Map(_) => {
            let missing = || Refusal::at(place, "`service` is missing: the one to extend");
            let service = text(extends.node.get("service").ok_or_else(missing)?)?;
            let file = extends.node.get("file").filter(|file| file.value != Value::Null);
            (service, file.map(text).transpose()?)
        }
        _ => return Err(Refusal::at(place, "the name of a service must stand here, or `service` and `file`")),
    };
    Ok(Some(Reference { key: extends.key, service, at, file }))
}

fn text(node: &Node) -> Result<(String, Span), Refusal> {
    let text = node.as_text().map(|text| (text.to_owned(), node.origin.span));
    text.ok_or_else(|| Refusal::at(node.origin.span, "a text must stand here"))
}
