"""Time: instants as whole numbers, wall clocks, spans, lengths, the hours of a week, and holidays. Private."""
