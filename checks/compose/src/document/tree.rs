//! The nodes of a file as they are written, with aliases still aliases: one arena, so that an anchor is shared by all who
//! name it. Built from the events of the YAML parser, changed by [`super::reset`], read by [`super::expand`].

use std::collections::HashMap;

use granit_parser::{Event, ScalarStyle, Tag};

use super::MAXIMUM_NESTING;
use crate::refusal::Refusal;
use crate::source::Span;

/// A node's place in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NodeId(usize);

#[derive(Debug)]
pub(super) struct Raw {
    pub span: Span,
    /// `!!int` for the tags of YAML, else as in the file; None without a tag, also for a lone `!`.
    pub tag: Option<Box<str>>,
    pub content: Content,
    /// How many nodes this one becomes when every alias is expanded.
    pub size: usize,
    height: usize,
}

#[derive(Debug)]
pub(super) enum Content {
    Scalar { text: Box<str>, plain: bool },
    List(Vec<NodeId>),
    Map(Vec<(NodeId, NodeId)>),
    Alias { name: Box<str>, target: NodeId },
}

/// Every document of one file. Anchors live on into the next document, as they do in go-yaml.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Raw>,
    anchors: HashMap<String, NodeId>,
    open: Vec<Open>,
    root: Option<NodeId>,
    /// Whether the document that is read has an alias or a tag.
    walks: bool,
}

/// A list or mapping whose end has not come yet.
#[derive(Debug)]
struct Open {
    id: NodeId,
    children: Vec<NodeId>,
}

impl Tree {
    pub(super) fn get(&self, id: NodeId) -> &Raw {
        &self.nodes[id.0]
    }

    pub(super) fn content_mut(&mut self, id: NodeId) -> &mut Content {
        &mut self.nodes[id.0].content
    }

    /// The node itself, or what an alias stands for.
    pub(super) fn target(&self, id: NodeId) -> NodeId {
        match self.get(id).content {
            Content::Alias { target, .. } => target,
            _ => id,
        }
    }

    /// The root of the document that has just ended, and whether it has an alias or a tag.
    pub(super) fn take_root(&mut self) -> Option<(NodeId, bool)> {
        let walks = std::mem::take(&mut self.walks);
        self.root.take().map(|root| (root, walks))
    }

    /// One event of the parser; `text` is what its span covers.
    pub(super) fn take(&mut self, event: Event<'_>, span: Span, text: &str) -> Result<(), Refusal> {
        match event {
            Event::Scalar(value, style, _, tag) => {
                // A block ends where people see it end, not before the next token.
                let trimmed =
                    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) { text.trim_end() } else { text };
                let cut = u32::try_from(text.len() - trimmed.len()).unwrap_or(0);
                let span = Span { end: span.end - cut, ..span };
                let content = Content::Scalar { text: (*value).into(), plain: style == ScalarStyle::Plain };
                let id = self.add(span, short(tag.as_deref()), content);
                self.put(id);
                Ok(())
            }
            Event::SequenceStart(_, _, tag) => {
                self.open(span, tag.as_deref(), Content::List(Vec::new()));
                Ok(())
            }
            Event::MappingStart(_, _, tag) => {
                self.open(span, tag.as_deref(), Content::Map(Vec::new()));
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span, text),
            // The parser names an anchor right behind the beginning of its node.
            Event::Anchor(_, name) => {
                let latest = self.nodes.len().checked_sub(1).map(NodeId);
                self.anchors.extend(latest.map(|id| (name.into_owned(), id)));
                Ok(())
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => self.alias(span, text.trim_start_matches('*')),
            _ => Ok(()),
        }
    }

    fn add(&mut self, span: Span, tag: Option<Box<str>>, content: Content) -> NodeId {
        self.walks |= tag.is_some() || matches!(content, Content::Alias { .. });
        self.nodes.push(Raw { span, tag, content, size: 1, height: 1 });
        NodeId(self.nodes.len() - 1)
    }

    fn alias(&mut self, span: Span, name: &str) -> Result<(), Refusal> {
        let Some(&target) = self.anchors.get(name) else {
            return Err(Refusal::at(span, format!("no anchor `&{name}` stands above this alias"))
                .hint("an anchor must be written before its aliases, in the same file"));
        };
        if self.open.iter().any(|open| open.id == target) {
            return Err(Refusal::at(span, format!("the anchor `&{name}` would contain itself")));
        }
        let (size, height) = (self.get(target).size, self.get(target).height);
        let id = self.add(span, None, Content::Alias { name: name.into(), target });
        self.nodes[id.0].size = size;
        self.nodes[id.0].height = height;
        self.put(id);
        Ok(())
    }

    fn open(&mut self, span: Span, tag: Option<&Tag>, content: Content) {
        let id = self.add(span, short(tag), content);
        self.open.push(Open { id, children: Vec::new() });
    }

    fn close(&mut self, span: Span, text: &str) -> Result<(), Refusal> {
        let Some(Open { id, children }) = self.open.pop() else { return Ok(()) };
        let height = children.iter().map(|child| self.get(*child).height).max().unwrap_or(0) + 1;
        let size = children.iter().fold(1, |sum: usize, child| sum.saturating_add(self.get(*child).size));
        // The end of a block is where the next token begins: its last child ends where people see it end.
        let flow = matches!(text, "]" | "}");
        let end = children.last().map(|child| self.get(*child).span.end).filter(|_| !flow).unwrap_or(span.end);
        let node = &mut self.nodes[id.0];
        node.height = height;
        node.size = size;
        node.span.end = end.max(node.span.start);
        match &mut node.content {
            Content::List(entries) => *entries = children,
            Content::Map(entries) => *entries = children.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect(),
            Content::Scalar { .. } | Content::Alias { .. } => {}
        }
        if height > MAXIMUM_NESTING {
            return Err(Refusal::limit(Some(node.span), format!("nested more than {MAXIMUM_NESTING} levels deep")));
        }
        self.put(id);
        Ok(())
    }

    /// Hands a finished node to whoever is open.
    fn put(&mut self, id: NodeId) {
        match self.open.last_mut() {
            Some(open) => open.children.push(id),
            None => self.root = Some(id),
        }
    }
}

fn short(tag: Option<&Tag>) -> Option<Box<str>> {
    let (handle, suffix) = tag?.parts();
    let whole = format!("{handle}{suffix}");
    match whole.strip_prefix("tag:yaml.org,2002:") {
        Some(name) => Some(format!("!!{name}").into()),
        None if whole.is_empty() || whole == "!" => None,
        None => Some(whole.into()),
    }
}
