import './base.css';
import './batches.css';
import './data.css';
import './parameters.css';
import './statusbar.css';
