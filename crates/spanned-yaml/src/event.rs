//! A tree as the events that libyaml would give for it.

use crate::{Kind, Node, Span, Style, Tree};

/// One event. See libyaml's yaml.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'t> {
    /// A document begins.
    DocumentStart {
        /// Whether `---` is written.
        explicit: bool,
        /// `%YAML` directive.
        version: Option<(u32, u32)>,
        /// `%TAG` directives.
        tags: &'t [(String, String)],
    },
    /// A document ends.
    DocumentEnd {
        /// Whether `...` is written.
        explicit: bool,
    },
    /// A scalar.
    Scalar {
        /// Its text.
        value: &'t str,
        /// How it is written.
        style: Style,
        /// Its tag, resolved.
        tag: Option<&'t str>,
        /// Its anchor.
        anchor: Option<&'t str>,
        /// Its place.
        span: Span,
    },
    /// A sequence begins.
    SequenceStart {
        /// How it is written.
        style: Style,
        /// Its tag, resolved.
        tag: Option<&'t str>,
        /// Its anchor.
        anchor: Option<&'t str>,
        /// Its place.
        span: Span,
    },
    /// A sequence ends.
    SequenceEnd,
    /// A mapping begins.
    MappingStart {
        /// How it is written.
        style: Style,
        /// Its tag, resolved.
        tag: Option<&'t str>,
        /// Its anchor.
        anchor: Option<&'t str>,
        /// Its place.
        span: Span,
    },
    /// A mapping ends.
    MappingEnd,
    /// An alias.
    Alias {
        /// The anchor that it names.
        anchor: &'t str,
        /// Its place.
        span: Span,
    },
}

/// The events of a tree, broken documents left out.
///
/// ```
/// use spanned_yaml::event::{Event, events};
/// let tree = spanned_yaml::parse("- a\n");
/// assert_eq!(events(&tree).count(), 5);
/// assert_eq!(events(&tree).last(), Some(Event::DocumentEnd { explicit: false }));
/// ```
pub fn events(tree: &Tree) -> impl Iterator<Item = Event<'_>> {
    tree.documents().iter().filter(|document| !document.broken).flat_map(|document| {
        let mut events = vec![Event::DocumentStart {
            explicit: document.explicit_start,
            version: document.version,
            tags: &document.tag_directives,
        }];
        match document.root {
            Some(root) => push_node(tree.node(root), &mut events),
            None => events.push(Event::Scalar {
                value: "",
                style: Style::Plain,
                tag: None,
                anchor: None,
                span: Span { start: document.span.end, end: document.span.end },
            }),
        }
        events.push(Event::DocumentEnd { explicit: document.explicit_end });
        events
    })
}

fn push_node<'t>(root: Node<'t>, events: &mut Vec<Event<'t>>) {
    // Ends of the open collections, by the id behind their last descendant.
    let mut open: Vec<(u32, Event<'t>)> = Vec::new();
    for node in root.descendants() {
        while let Some((_, end)) = open.pop_if(|(until, _)| *until <= node.id().0) {
            events.push(end);
        }
        let (tag, anchor, style, span) = (node.tag(), node.anchor(), node.style(), node.span());
        match node.kind() {
            Kind::Scalar => {
                events.push(Event::Scalar { value: node.text(), style, tag, anchor, span });
            }
            Kind::Alias => events.push(Event::Alias { anchor: anchor.unwrap_or_default(), span }),
            Kind::Sequence => {
                events.push(Event::SequenceStart { style, tag, anchor, span });
                open.push((node.subtree_end(), Event::SequenceEnd));
            }
            Kind::Mapping => {
                events.push(Event::MappingStart { style, tag, anchor, span });
                open.push((node.subtree_end(), Event::MappingEnd));
            }
        }
    }
    while let Some((_, end)) = open.pop() {
        events.push(end);
    }
}
