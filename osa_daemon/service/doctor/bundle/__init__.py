"""`osa-daemon doctor --bundle`: what a helper needs to see, without what is nobody's business."""
