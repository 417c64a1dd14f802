//! What goes wrong on an answer's way: one small description, applied to the bytes that the double sends, whichever the
//! wire.

use std::time::Duration;

use bytes::Bytes;

/// A fault, and where it happens.
#[derive(Clone, Debug)]
pub struct Fault {
    pub at: At,
    pub harm: Harm,
}

/// A place in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Before its head.
    Head,
    /// Before the event of this number, from 0; behind the last one when there are not so many.
    Event(usize),
    /// Before this byte of its body, from 0.
    Byte(usize),
    /// Before each byte whose number is a multiple of this.
    Each(usize),
}

/// What happens there.
#[derive(Clone, Debug)]
pub enum Harm {
    /// The connection breaks.
    Cut,
    /// The answer ends, as if it were whole.
    End,
    /// Nothing more comes, for ever.
    Silence,
    /// It goes on after a while.
    Delay(Duration),
    /// It goes on in a write of its own.
    Split,
    /// These bytes come instead of as many others.
    Corrupt(Bytes),
    /// These bytes come in between.
    Insert(Bytes),
}

/// What the sender does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    Write(Bytes),
    Wait(Duration),
    Silence,
    Cut,
}

/// How a body of these events is sent. `delay` comes between two events.
pub fn moves(events: &[Bytes], delay: Duration, faults: &[Fault]) -> Vec<Move> {
    let mut starts = vec![0];
    for event in events {
        starts.push(starts.last().unwrap_or(&0) + event.len());
    }
    let end = starts.pop().unwrap_or_default();
    let mut marks: Vec<(usize, Harm)> = Vec::new();
    for Fault { at, harm } in faults {
        match at {
            At::Head => {}
            At::Event(number) => marks.push((starts.get(*number).copied().unwrap_or(end), harm.clone())),
            At::Byte(at) => marks.push(((*at).min(end), harm.clone())),
            At::Each(step) => marks.extend((0..end).step_by(*step).map(|at| (at, harm.clone()))),
        }
    }
    // Each event is a write of its own.
    let between = if delay.is_zero() { Harm::Split } else { Harm::Delay(delay) };
    marks.extend(starts.into_iter().skip(1).map(|at| (at, between.clone())));
    marks.sort_by_key(|(at, _)| *at);
    follow(&Bytes::from(events.concat()), marks)
}

fn follow(body: &Bytes, marks: Vec<(usize, Harm)>) -> Vec<Move> {
    let (mut moves, mut sent) = (Vec::new(), 0);
    let write = |moves: &mut Vec<Move>, from: usize, to: usize| {
        if from < to {
            moves.push(Move::Write(body.slice(from..to)));
        }
        from.max(to)
    };
    for (at, harm) in marks {
        sent = write(&mut moves, sent, at);
        match harm {
            Harm::Cut => return [moves, vec![Move::Cut]].concat(),
            Harm::Silence => return [moves, vec![Move::Silence]].concat(),
            Harm::End => return moves,
            Harm::Delay(time) => moves.push(Move::Wait(time)),
            Harm::Split => {}
            Harm::Corrupt(bytes) => {
                sent = (sent + bytes.len()).min(body.len());
                moves.push(Move::Write(bytes));
            }
            Harm::Insert(bytes) => moves.push(Move::Write(bytes)),
        }
    }
    write(&mut moves, sent, body.len());
    moves
}
