"""The parts of the judge of BGP: the history of a route, routes in a circle, sessions."""
