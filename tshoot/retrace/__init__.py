"""A recorded session, retraced: its log folded again by the engine, to judge it anew or to go on where it stopped. Needs no network to fold."""
